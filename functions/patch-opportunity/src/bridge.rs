//! What the function has from its start to its end: its clients, its configuration, its memory.

use std::sync::Arc;

use mapping::Mapping;
use memory::Memory;
use model::{Catalog, Identifier};
use partner_central::PartnerCentral;

use crate::{
    auth::Auth, invocation::Invocation, park::ParkedPatches, problem::Problem, upstream::Upstream,
};

/// What every request is answered with.
#[derive(Debug, Clone)]
pub struct Bridge {
    pub(crate) partner_central: PartnerCentral,
    pub(crate) catalog: Catalog,
    pub(crate) auth: Arc<Auth>,
    pub(crate) mapping: Option<Arc<Mapping>>,
    pub(crate) memory: Option<Memory>,
}

impl Bridge {
    /// A bridge to a catalog, for whom `auth` lets in.
    #[must_use]
    pub fn new(partner_central: PartnerCentral, catalog: Catalog, auth: Auth) -> Self {
        Self {
            partner_central,
            catalog,
            auth: Arc::new(auth),
            mapping: None,
            memory: None,
        }
    }

    /// The same, which takes records of the CRM that the mapping is for.
    #[must_use]
    pub fn with_mapping(self, mapping: Option<Mapping>) -> Self {
        let mapping = mapping.map(Arc::new);
        Self { mapping, ..self }
    }

    /// The same, with a memory: requests with a key are carried out once, and events of the bridge's own
    /// writes are marked as such.
    #[must_use]
    pub fn with_memory(self, memory: Option<Memory>) -> Self {
        Self { memory, ..self }
    }

    pub(crate) fn upstream<'a>(&'a self, invocation: &'a Invocation) -> Upstream<'a> {
        Upstream {
            partner_central: &self.partner_central,
            catalog: &self.catalog,
            invocation,
        }
    }

    pub(crate) fn parked<'a>(
        &'a self,
        invocation: &'a Invocation,
        identifier: Identifier,
    ) -> Result<ParkedPatches<'a>, Problem> {
        let memory = self.memory.as_ref();
        ParkedPatches::of(self.upstream(invocation), memory, identifier)
    }
}

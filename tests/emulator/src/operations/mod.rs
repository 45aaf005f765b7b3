//! The operations, one function each: from a request's document to an answer's document.

use serde_json::Value;

use crate::document::Document;
use crate::quota::Quota;
use crate::refusal::Refusal;
use crate::service::{PARTNER_CENTRAL, SECRETS_MANAGER, Service};
use crate::state::State;

mod associate_opportunity;
mod create_opportunity;
mod get_aws_opportunity_summary;
mod get_opportunity;
mod get_secret_value;
mod list_opportunities;
mod update_opportunity;

use associate_opportunity::{associate_opportunity, disassociate_opportunity};
use create_opportunity::create_opportunity;
use get_aws_opportunity_summary::get_aws_opportunity_summary;
use get_opportunity::get_opportunity;
use get_secret_value::get_secret_value;
use list_opportunities::list_opportunities;
use update_opportunity::update_opportunity;

/// An operation of a service.
pub(crate) struct Operation {
    pub(crate) service: &'static Service,
    pub(crate) name: &'static str,
    pub(crate) quota: Quota,
    pub(crate) carry_out: CarryOut,
}

/// The operation whose answer is never recorded.
pub(crate) const SECRET: &str = "GetSecretValue";
/// Lambda's operation, which has a protocol of its own.
pub(crate) const INVOKE: &str = "Invoke";

type CarryOut = fn(&mut State, &Document) -> Result<Value, Refusal>;

/// Every operation served.
pub(crate) static OPERATIONS: [Operation; 8] = [
    write("AssociateOpportunity", associate_opportunity),
    write("CreateOpportunity", create_opportunity),
    write("DisassociateOpportunity", disassociate_opportunity),
    read("GetAwsOpportunitySummary", get_aws_opportunity_summary),
    read("GetOpportunity", get_opportunity),
    read("ListOpportunities", list_opportunities),
    write("UpdateOpportunity", update_opportunity),
    Operation {
        service: &SECRETS_MANAGER,
        name: SECRET,
        quota: Quota::None,
        carry_out: get_secret_value,
    },
];

const fn read(name: &'static str, carry_out: CarryOut) -> Operation {
    Operation {
        service: &PARTNER_CENTRAL,
        name,
        quota: Quota::Read,
        carry_out,
    }
}

const fn write(name: &'static str, carry_out: CarryOut) -> Operation {
    Operation {
        quota: Quota::Write,
        ..read(name, carry_out)
    }
}

/// Whether an operation exists, and so can be made to fail.
pub(crate) fn is_known(name: &str) -> bool {
    name == INVOKE || OPERATIONS.iter().any(|it| it.name == name)
}

/// Whether an operation changes an opportunity.
pub(crate) fn is_write(name: &str) -> bool {
    let mut operations = OPERATIONS.iter().filter(|it| it.quota == Quota::Write);
    operations.any(|it| it.name == name)
}

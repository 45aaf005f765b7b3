//! Raw JSON through the SDK: what goes out and what comes in, byte for byte.
//!
//! Where the bytes are was found by experiment: at `read_before_deserialization` the body is not
//! loaded yet; at `read_after_deserialization` it is, on errors too, and also when the SDK could not
//! parse it. The request is replaced at `modify_before_signing`, so that the signature covers it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use aws_sdk_partnercentralselling::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
                BeforeTransmitInterceptorContextRef,
            },
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use model::Object;

use crate::Error;

/// One call's bytes: the request to send instead of the typed one, and the last attempt's answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    request: Option<Vec<u8>>,
    answer: Arc<Mutex<Option<Answer>>>,
    is_begun: Arc<AtomicBool>,
    is_in_doubt: Arc<AtomicBool>,
}

/// What came back: any HTTP status, and the body as received.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `x-amzn-ErrorType` as received.
    pub(crate) error_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Exchange {
    pub(crate) fn with_request(request: Vec<u8>) -> Self {
        Self {
            request: Some(request),
            ..Self::default()
        }
    }

    /// The answer's body where its HTTP status says success, whatever the SDK made of it; else what
    /// the SDK's `error` means. `sent` is the request's body, where there was one of ours.
    pub(crate) fn finish<E, R>(
        &self,
        error: Option<&SdkError<E, R>>,
        sent: Option<&Object>,
    ) -> Result<Vec<u8>, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        match self.record(None) {
            Some(Answer {
                status: 200..=299,
                body,
                ..
            }) => Ok(body),
            answer => Err(Error::of(error, answer, sent)),
        }
    }

    /// Whether an attempt before the last one had no answer that says that nothing was done.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Ordering::Relaxed)
    }

    fn record(&self, answer: Option<Answer>) -> Option<Answer> {
        std::mem::replace(
            &mut *self.answer.lock().unwrap_or_else(PoisonError::into_inner),
            answer,
        )
    }
}

impl Intercept for Exchange {
    fn name(&self) -> &'static str {
        "Exchange"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_refused = self
            .record(None)
            .is_some_and(|answer| (400..500).contains(&answer.status));
        if self.is_begun.swap(true, Ordering::Relaxed) && !is_refused {
            self.is_in_doubt.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(bytes) = &self.request {
            let request = context.request_mut();
            request
                .headers_mut()
                .insert("content-length", bytes.len().to_string());
            *request.body_mut() = SdkBody::from(bytes.as_slice());
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().unwrap_or_default().to_vec();
        let error_type = response
            .headers()
            .get("x-amzn-errortype")
            .map(str::to_owned);
        self.record(Some(Answer {
            status: response.status().as_u16(),
            error_type,
            body,
        }));
        Ok(())
    }
}

/// Turns a call into an unsigned, bodiless `GET /`.
#[derive(Debug)]
pub(crate) struct UnsignedGet;

impl Intercept for UnsignedGet {
    fn name(&self) -> &'static str {
        "UnsignedGet"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.set_method("GET")?;
        *request.body_mut() = SdkBody::empty();
        for header in [
            "authorization",
            "content-length",
            "content-type",
            "x-amz-date",
            "x-amz-security-token",
            "x-amz-target",
        ] {
            request.headers_mut().remove(header);
        }
        Ok(())
    }
}

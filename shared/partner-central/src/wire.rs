//! Passes raw JSON through the SDK, byte for byte in both directions.
//!
//! The request is replaced at `modify_before_signing`, so that the signature covers it. Our deserializer
//! takes the response before the operation's own, which gets only errors.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use aws_sdk_partnercentralselling::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                self, BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
            },
        },
        orchestrator::{HttpResponse, OrchestratorError},
        runtime_components::RuntimeComponents,
        runtime_plugin::RuntimePlugin,
        ser_de::{DeserializeResponse, SharedResponseDeserializer},
    },
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::{ConfigBag, FrozenLayer},
};
use bytes::Bytes;
use model::Object;

use crate::{error::Error, raw_response::RawResponse};

/// The bytes of one call: the request to send instead of the typed one, and the last attempt's response.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The operation's own settings, which include its deserializer.
    operation: Option<FrozenLayer>,
    request: Option<Bytes>,
    response: Arc<Mutex<Option<RawResponse>>>,
    attempts: Arc<AtomicU32>,
    is_in_doubt: Arc<AtomicBool>,
    is_unanswered: Arc<AtomicBool>,
}

impl Exchange {
    pub(crate) fn of(operation: &impl RuntimePlugin) -> Self {
        Self {
            operation: operation.config(),
            request: None,
            response: Arc::default(),
            attempts: Arc::default(),
            is_in_doubt: Arc::default(),
            is_unanswered: Arc::default(),
        }
    }

    pub(crate) fn with_request(self, request: Bytes) -> Self {
        Self {
            request: Some(request),
            ..self
        }
    }

    /// The response's body if its HTTP status says success, whatever the SDK made of it; otherwise the
    /// meaning of the SDK's `error`. `sent` is the request's body, if it was one of ours.
    pub(crate) fn finish<E: ProvideErrorMetadata>(
        &self,
        error: Option<&SdkError<E, HttpResponse>>,
        sent: Option<&Object>,
    ) -> Result<Vec<u8>, Error> {
        match self.take() {
            Some(RawResponse {
                status: 200..=299,
                body,
                ..
            }) => Ok(body),
            answer => Err(Error::of(error, answer, sent)),
        }
    }

    /// Whether an attempt before the last one had no response that rules out a write.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Ordering::Relaxed)
    }

    /// Whether an attempt got no response at all. Ask before [`Self::finish`] takes the last one.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.is_unanswered.load(Ordering::Relaxed) || self.last_response().is_none()
    }

    /// How many requests were started.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    fn keep(&self, response: RawResponse) {
        *self.last_response() = Some(response);
    }

    fn take(&self) -> Option<RawResponse> {
        self.last_response().take()
    }

    fn last_response(&self) -> MutexGuard<'_, Option<RawResponse>> {
        let response = self.response.lock();
        response.unwrap_or_else(PoisonError::into_inner)
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
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config
            .interceptor_state()
            .store_put(SharedResponseDeserializer::new(self.clone()));
        let answer = self.take();
        let is_refused = answer
            .as_ref()
            .is_some_and(|answer| (400..500).contains(&answer.status));
        if self.attempts.fetch_add(1, Ordering::Relaxed) > 0 {
            self.is_in_doubt.fetch_or(!is_refused, Ordering::Relaxed);
            self.is_unanswered
                .fetch_or(answer.is_none(), Ordering::Relaxed);
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
            *request.body_mut() = SdkBody::from(bytes.clone());
        }
        Ok(())
    }
}

impl DeserializeResponse for Exchange {
    /// On success only the bytes count. The typed shape, which nobody looks at, is built from an empty
    /// object: building it from the whole document costs a tenth of a patch's work.
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<context::Output, OrchestratorError<context::Error>> {
        let status = response.status();
        let error_type = response.headers().get("x-amzn-errortype");
        self.keep(RawResponse {
            status: status.as_u16(),
            error_type: error_type.map(str::to_owned),
            body: response.body().bytes().unwrap_or_default().to_vec(),
        });
        let operation = self.operation.as_ref();
        let typed = operation
            .and_then(|operation| operation.load::<SharedResponseDeserializer>())
            .ok_or_else(|| OrchestratorError::other("an operation without a deserializer"))?;
        if status.is_success() {
            let empty = HttpResponse::new(status, SdkBody::from("{}"));
            return typed.deserialize_nonstreaming_with_config(&empty, config);
        }
        typed.deserialize_nonstreaming_with_config(response, config)
    }
}

/// Turns a call into an unsigned `GET /` without a body.
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

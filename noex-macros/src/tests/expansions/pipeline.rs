/// From text to a place in the store.
///
/**```text
Ingest: String => usize
  -> parse: Parser::parse
  -> store: books::Store::store (at most 4 at a time)
```*/
pub struct Ingest {
    parse: ::noex::__private::ChildRef<Parser, { Ingest::__noex_parse }>,
    store: ::noex::__private::ChildRef<books::Store, { Ingest::__noex_store }>,
    __noex_stages: ::std::sync::Arc<[::noex::pipeline::Stage; 2usize]>,
}
#[automatically_derived]
impl ::core::clone::Clone for Ingest {
    fn clone(&self) -> Self {
        Self {
            parse: ::core::clone::Clone::clone(&self.parse),
            store: ::core::clone::Clone::clone(&self.store),
            __noex_stages: ::core::clone::Clone::clone(&self.__noex_stages),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for Ingest {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&*self.__noex_stages, f)
    }
}
#[automatically_derived]
#[allow(dead_code, private_interfaces)]
impl Ingest {
    /// The pipeline through these servers. Clones share its limits and figures.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        parse: ::noex::__private::ChildRef<Parser, { Ingest::__noex_parse }>,
        store: ::noex::__private::ChildRef<books::Store, { Ingest::__noex_store }>,
    ) -> Self {
        Self {
            parse,
            store,
            __noex_stages: ::std::sync::Arc::new([
                ::noex::pipeline::Stage::new(
                    "parse",
                    ::noex::pipeline::Limit::None,
                    false,
                ),
                ::noex::pipeline::Stage::new(
                    "store",
                    ::noex::pipeline::Limit::AtMost(4),
                    false,
                ),
            ]),
        }
    }
    /// Sends one request through the stages.
    ///
    /// # Cancel safety
    ///
    /// As of a call: dropped, the request goes no further than the handler that has it.
    ///
    /// # Errors
    ///
    /// The first stage that fails; those after it are not run.
    pub async fn process(
        &self,
        __noex_item: String,
    ) -> ::core::result::Result<usize, IngestError> {
        let __noex_item = match self
            .__noex_stages[0usize]
            .pass(self.parse.parse(__noex_item))
            .await
        {
            ::core::result::Result::Ok(__noex_item) => __noex_item,
            ::core::result::Result::Err(__noex_error) => {
                return ::core::result::Result::Err(IngestError::Parse(__noex_error));
            }
        };
        let __noex_item = match self
            .__noex_stages[1usize]
            .pass(self.store.store(__noex_item))
            .await
        {
            ::core::result::Result::Ok(__noex_item) => __noex_item,
            ::core::result::Result::Err(__noex_error) => {
                return ::core::result::Result::Err(IngestError::Store(__noex_error));
            }
        };
        ::core::result::Result::Ok(__noex_item)
    }
    ///Sends many requests through the stages, side by side; outcomes come in the order of the requests.
    pub fn run<__Requests>(
        &self,
        requests: __Requests,
    ) -> ::noex::pipeline::Flow<
        ::noex::pipeline::Items<<__Requests as ::core::iter::IntoIterator>::IntoIter>,
        ::core::result::Result<usize, IngestError>,
    >
    where
        __Requests: ::core::iter::IntoIterator<Item = String>,
        __Requests::IntoIter: ::core::marker::Unpin,
    {
        self.stream(::noex::pipeline::Items::new(requests))
    }
    ///Sends many requests through the stages, side by side; outcomes come in the order of the requests.
    pub fn stream<__Requests>(
        &self,
        requests: __Requests,
    ) -> ::noex::pipeline::Flow<__Requests, ::core::result::Result<usize, IngestError>>
    where
        __Requests: ::noex::__private::Stream<Item = String> + ::core::marker::Unpin,
    {
        let __noex_pipeline = ::core::clone::Clone::clone(self);
        ::noex::pipeline::Flow::new(
            requests,
            true,
            move |__noex_item| {
                let __noex_pipeline = ::core::clone::Clone::clone(&__noex_pipeline);
                async move { __noex_pipeline.process(__noex_item).await }
            },
        )
    }
    /// The figures of each stage, in order.
    pub fn stats(&self) -> [::noex::pipeline::StageStats; 2usize] {
        ::core::array::from_fn(|__noex_index| self.__noex_stages[__noex_index].stats())
    }
    #[allow(non_upper_case_globals)]
    const __noex_parse: usize = {
        ::noex::rules::stage::<Parser>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_store: usize = {
        ::noex::rules::stage::<books::Store>();
        0
    };
}
///Which stage of [`Ingest`] a request failed in, and why.
#[derive(Debug)]
#[non_exhaustive]
#[allow(private_interfaces)]
pub enum IngestError {
    ///In `parse`.
    Parse(::noex::__private::StageError<Parser, { Ingest::__noex_parse }>),
    ///In `store`.
    Store(::noex::__private::StageError<books::Store, { Ingest::__noex_store }>),
}
#[automatically_derived]
#[allow(dead_code)]
impl IngestError {
    /// The stage's name.
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Parse(__noex_error) => {
                let _ = __noex_error;
                "parse"
            }
            Self::Store(__noex_error) => {
                let _ = __noex_error;
                "store"
            }
        }
    }
    /// Whether the stage's handler ran.
    pub fn was_executed(&self) -> ::noex::Executed {
        match self {
            Self::Parse(__noex_error) => __noex_error.was_executed(),
            Self::Store(__noex_error) => __noex_error.was_executed(),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Display for IngestError {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        match self {
            Self::Parse(__noex_error) => ::core::write!(f, "parse: {}", __noex_error),
            Self::Store(__noex_error) => ::core::write!(f, "store: {}", __noex_error),
        }
    }
}
#[automatically_derived]
impl ::core::error::Error for IngestError {
    fn source(&self) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> {
        match self {
            Self::Parse(__noex_error) => ::core::option::Option::Some(__noex_error),
            Self::Store(__noex_error) => ::core::option::Option::Some(__noex_error),
        }
    }
}

pub struct Account<T: Job>(T);
#[automatically_derived]
impl<T: Job> ::noex::ServerConfig for Account<T> {
    const NAME: ::core::option::Option<&'static str> = ::core::option::Option::Some(
        "account",
    );
    const MAILBOX: ::noex::Mailbox = ::noex::Mailbox::bounded(CAPACITY);
    const OVERFLOW: ::noex::Overflow = ::noex::Overflow::DropOldest;
    const CALL_TIMEOUT: ::core::option::Option<::core::time::Duration> = ::core::option::Option::Some(
        ::core::time::Duration::from_millis(2000),
    );
    const TRAP_EXIT: bool = true;
}
const _: ::noex::Mailbox = ::noex::Mailbox::bounded(CAPACITY);

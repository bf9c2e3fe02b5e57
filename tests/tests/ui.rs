//! What wrong programs are told. The rows are those of the list of compile errors; read each change of a
//! `.stderr` aloud before it is kept (`TRYBUILD=overwrite` writes them).

#[test]
fn wrong_programs() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
}

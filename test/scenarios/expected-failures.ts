// Scenarios that Foyer does not pass yet, each with the reason. A listed one that passes makes the tests fail.

/** By name. */
export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {}

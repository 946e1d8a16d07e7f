// Scenarios that Foyer does not pass yet, each with the reason. A listed one that passes makes the tests fail.

/** By name. */
export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {
  'entering/not-without-asking': 'a stranger is told by an error, not by the kick that is recommended',
  'requests/relayed': 'requests are not passed on to the clients of occupants',
}

/** What a check of `foyer doctor` finds. */

/** `warn` works now and may not later, or could not be told; `fail` does not work. */
export type Verdict = 'ok' | 'warn' | 'fail'

export interface Finding {
  /** What was looked at, in a word. */
  readonly check: string
  readonly verdict: Verdict
  /** What is the case. */
  readonly text: string
  /** What to do about it; there unless all is well. */
  readonly mend?: string
}

export const ok = (check: string, text: string): Finding => ({ check, verdict: 'ok', text })
export const warn = (check: string, text: string, mend: string): Finding => ({
  check,
  verdict: 'warn',
  text,
  mend,
})
export const fail = (check: string, text: string, mend: string): Finding => ({
  check,
  verdict: 'fail',
  text,
  mend,
})

/** Bad input from outside is an ordinary value: decoders return a `Result`, they never throw across a layer. */
export type Result<T, E = DecodeFailure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E }

/** Why bytes could not be decoded. `code` is stable; `offset` counts bytes from the start of the input. */
export interface DecodeFailure {
  readonly code: string
  readonly offset: number
  readonly detail: string
}

export const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value })
export const fail = <E>(error: E): { ok: false; error: E } => ({ ok: false, error })

/** Thrown inside decoders only; `decoding` turns it into a `DecodeFailure` before it can cross a layer. */
export class DecodeError extends Error {
  readonly failure: DecodeFailure

  constructor(code: string, offset: number, detail: string) {
    super(`${code} at ${offset}: ${detail}`)
    this.failure = { code, offset, detail }
  }
}

/** Runs a decoder; a `DecodeError` becomes the failure, anything else is a bug and goes on. */
export function decoding<T>(decode: () => T): Result<T> {
  try {
    return ok(decode())
  } catch (error) {
    if (error instanceof DecodeError) return fail(error.failure)
    throw error
  }
}

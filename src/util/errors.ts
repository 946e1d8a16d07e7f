/** Failed operations (disk, network, crypto, configuration): an error with a stable code. See docs/errors.md. */
export class GatewayError extends Error {
  readonly code: string

  /** `code` is stable and in docs/errors.md; `message` says what was expected and what came, never secrets. */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GatewayError'
    this.code = code
  }
}

/** What logged-in operators have done from the page: one JSON request, one JSON reply (docs/operating.md). */
import type { IncomingMessage } from 'node:http'

/** Carries out a request (JSON: `{command, args}`); the reply says `ok`, or has a `code` and a `message`. */
export type Operate = (
  request: string,
) => Promise<{ readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string }>

/** A request longer than this is refused. */
const MAX_REQUEST_BYTES = 65_536

/** Status and JSON of the answer to a POST by somebody who has shown the token. */
export async function takeOperation(
  request: IncomingMessage,
  operate: Operate,
): Promise<{ readonly status: number; readonly body: unknown }> {
  if (!isFromOwnPage(request)) return refusal(403, 'HTTP_FOREIGN_PAGE', 'only pages of this gateway may ask')
  if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/json')
    return refusal(415, 'HTTP_NOT_JSON', 'the request must be application/json')
  const text = await readText(request)
  if (text === undefined)
    return refusal(413, 'HTTP_TOO_LARGE', `a request has at most ${MAX_REQUEST_BYTES} bytes`)
  const reply = await operate(text)
  if (reply.ok) return { status: 200, body: reply }
  return { status: reply.code === 'INTERNAL' ? 500 : 400, body: reply }
}

const refusal = (status: number, code: string, message: string) => ({
  status,
  body: { ok: false, code, message },
})

/** Browsers send a cookie also for pages of others; programs name no page. */
function isFromOwnPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  // The browser knows better than a proxy that names another host.
  if (site !== undefined) return site === 'same-origin'
  const { origin, host } = headers
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** Undefined when it is too long; what comes too much is not kept. */
async function readText(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes <= MAX_REQUEST_BYTES) parts.push(part)
  }
  return bytes > MAX_REQUEST_BYTES ? undefined : Buffer.concat(parts).toString('utf8')
}

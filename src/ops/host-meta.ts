/** Where the WebSocket is: XEP-0156 host-meta as XRD and as JSON. */
import type { IncomingMessage } from 'node:http'

const REL = 'urn:xmpp:alt-connections:websocket'

/** The address as the asker reached us, so that it holds behind a proxy and with any port. */
function webSocketUrl(request: IncomingMessage): string {
  const host = request.headers.host ?? 'localhost'
  const isSecure = request.headers['x-forwarded-proto'] === 'https'
  return `${isSecure ? 'wss' : 'ws'}://${host.replace(/[^\w.:[\]-]/g, '')}/xmpp-websocket`
}

export function hostMeta(request: IncomingMessage): string {
  return `<?xml version='1.0' encoding='utf-8'?>
<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>
  <Link rel='${REL}' href='${webSocketUrl(request)}'/>
</XRD>
`
}

export function hostMetaJson(request: IncomingMessage): unknown {
  return { links: [{ rel: REL, href: webSocketUrl(request) }] }
}

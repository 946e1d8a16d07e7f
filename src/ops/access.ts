/** Who may see the guarded pages: bearer token, or the cookie that `?token=…` sets once. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

const COOKIE = 'foyer_token'

/** What people see who have not shown the token: where to type it in. It comes back as `?token=…`. */
export const LOGIN_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Foyer: log in</title>
<h1>Foyer</h1>
<form>
  <p><label for="token">Token of this gateway (http.token)</label></p>
  <p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
  <button>Log in</button></p>
</form>
</html>
`

/** A person looks at the answer, and no program. */
export const isForPeople = (request: IncomingMessage): boolean =>
  request.headers.accept?.includes('text/html') === true

/** True when no token is asked for or the request carries it. A token in the query is kept as a cookie. */
export function isAuthorized(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  token: string | null,
): boolean {
  if (token === null) return true
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return isSame(bearer, token)
  const cookie = new RegExp(`(?:^|; *)${COOKIE}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1]
  if (cookie !== undefined && isSame(decodeCookie(cookie), token)) return true
  const query = url.searchParams.get('token')
  if (query === null || !isSame(query, token)) return false
  response.setHeader('Set-Cookie', `${COOKIE}=${encodeURIComponent(token)}; Path=/; HttpOnly; SameSite=Lax`)
  return true
}

/**
 * Where a browser that came with `?token=…` is to go now that it has the cookie, so that the token stays in neither
 * address bar nor history; undefined for all other requests.
 */
export function withoutToken(request: IncomingMessage, url: URL): string | undefined {
  if (!url.searchParams.has('token') || !isForPeople(request)) return undefined
  const clean = new URL(url)
  clean.searchParams.delete('token')
  // One slash only: two would name another host.
  return clean.pathname.replace(/^\/+/, '/') + clean.search
}

function decodeCookie(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return ''
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

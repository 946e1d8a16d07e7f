/** Why no link to a host server comes about, in words for who runs both. XEP-0114 §3, RFC 6120 §4.9.3. */

const IN_WORDS: Readonly<Record<string, string>> = {
  'not-authorized': 'the secret is not the one that it has for this domain',
  'host-unknown': 'it has no component of this domain: put one into its configuration, and restart it',
  conflict: 'another gateway is linked with this domain',
}

/** The stream error of a host: what it means, with the host's own words. */
export function hostRefusal(condition: string, text: string): string {
  const said = `the host says ${condition}${text === '' ? '' : `: ${text}`}`
  const words = Object.hasOwn(IN_WORDS, condition) ? IN_WORDS[condition] : undefined
  return words === undefined ? said : `${words} (${said})`
}

/** The failure of a dial. Prosody opens the port of a new component at a restart only. */
export function dialRefusal(
  cause: Error,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const { code } = cause as NodeJS.ErrnoException
  if (code !== 'ECONNREFUSED') return cause.message
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return `nobody listens at ${at}: start the host server, or restart it if its port for components is new (${code})`
}

/** IP addresses as text and bytes; IPv6 text is canonical (RFC 5952). */

/** The 4 bytes of `a.b.c.d`; `undefined` when `host` is anything else. */
export function ipv4Bytes(host: string): Uint8Array | undefined {
  const parts = host.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255))
    return undefined
  return Uint8Array.from(parts, Number)
}

export const ipv4Text = (bytes: Uint8Array): string => bytes.join('.')

/** The 16 bytes of an IPv6 address in any of its spellings (RFC 4291 §2.2), without zone; else `undefined`. */
export function ipv6Bytes(host: string): Uint8Array | undefined {
  const [head = '', tail, more] = host.split('::')
  if (more !== undefined || (tail !== undefined && head.includes('.'))) return undefined
  const left = groupsOf(head)
  const right = groupsOf(tail ?? '')
  if (!left || !right) return undefined
  const missing = 8 - left.length - right.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...left, ...Array.from({ length: missing }, () => 0), ...right]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups shortened. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0))
  let longest = { from: 0, length: 1 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (groups[from + length] === 0) length++
    if (length > longest.length) longest = { from, length }
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (longest.length === 1) return hex(groups)
  return `${hex(groups.slice(0, longest.from))}::${hex(groups.slice(longest.from + longest.length))}`
}

/** The 16-bit groups of one side of `::`; the last may be written as IPv4. */
function groupsOf(side: string): number[] | undefined {
  if (side === '') return []
  const parts = side.split(':')
  const v4 = ipv4Bytes(parts.at(-1) ?? '')
  if (v4) parts.pop()
  if (parts.some((part) => !/^[0-9a-fA-F]{1,4}$/.test(part))) return undefined
  const groups = parts.map((part) => Number.parseInt(part, 16))
  if (v4) groups.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0))
  return groups
}

// The recorded nodes (test/vectors/retroshare/README.md): certificates, PGP keys and ids of real and foreign nodes.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unarmor } from 'openpgp'

const ROOT = new URL('../../vectors/retroshare/', import.meta.url).pathname

/** What is known of one recorded node. */
export interface RecordedNode {
  readonly name: string
  readonly certificateDer: Uint8Array
  readonly publicKey: Uint8Array
  /** Lines `key value` of ids.txt: sslid, pgpid, pgpfpr, name, location. */
  readonly ids: Readonly<Record<string, string>>
}

const derOf = (pem: string): Uint8Array => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')

async function keyOf(folder: string): Promise<Uint8Array> {
  const binary = join(folder, 'pgp_public.bin')
  if (existsSync(binary)) return readFileSync(binary)
  const { data } = await unarmor(readFileSync(join(folder, 'pgp_public.asc'), 'utf8'))
  return data as Uint8Array
}

/** All recorded nodes. */
export async function recordedNodes(): Promise<RecordedNode[]> {
  const folders = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    existsSync(join(ROOT, name, 'tls_cert.pem')),
  )
  return Promise.all(
    folders.map(async (name) => {
      const folder = join(ROOT, name)
      const lines = readFileSync(join(folder, 'ids.txt'), 'utf8').trim().split('\n')
      return {
        name,
        certificateDer: derOf(readFileSync(join(folder, 'tls_cert.pem'), 'utf8')),
        publicKey: await keyOf(folder),
        ids: Object.fromEntries(lines.map((line) => line.split(/ (.*)/).slice(0, 2))),
      }
    }),
  )
}

/** One identity record of a capture. */
export interface RecordedIdentity {
  readonly run: string
  readonly id: string
  readonly nick: string
  readonly flags: string
  readonly data: Uint8Array
  readonly meta: Uint8Array
}

/** All identity records of the captures. */
export function recordedIdentities(): RecordedIdentity[] {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.identities.json'),
  )
  return files.flatMap((run) => {
    const records: Record<'id' | 'nick' | 'flags' | 'data' | 'meta', string>[] = JSON.parse(
      readFileSync(join(ROOT, run), 'utf8'),
    )
    return records.map((record) => ({
      run,
      id: record.id,
      nick: record.nick,
      flags: record.flags,
      data: Buffer.from(record.data, 'hex'),
      meta: Buffer.from(record.meta, 'hex'),
    }))
  })
}

/** `foyer keys export FILE|- | import FILE|-`: who this node is for its friends, as a file. Without a running gateway. */
import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { retroshareFolder } from '../gateway/networks.ts'
import { NODE_IDENTITY_FILE, parseNodeIdentity } from '../retroshare/identity/node-identity.ts'
import { makePrivateFolder, replaceFile } from '../retroshare/identity/private-file.ts'
import { GatewayError } from '../util/errors.ts'
import { refusalOf } from '../util/refusal.ts'
import { type Command, dataFolder, GATEWAY_OPTIONS, type Io, noSuchVerb, options } from './common.ts'

export const keysCommand: Command = async ([verb, ...argv], io) => {
  if (verb !== 'export' && verb !== 'import') throw noSuchVerb('keys', verb, ['export', 'import'])
  const { values, positionals } = options(argv, GATEWAY_OPTIONS, { min: 1, max: 1, names: 'FILE|-' })
  const own = join(retroshareFolder(dataFolder(values, io)), NODE_IDENTITY_FILE)
  const file = positionals[0] ?? ''
  const { id, name } = await (verb === 'export' ? exportKeys(own, file, io) : importKeys(own, file, io))
  io.err(`${verb === 'export' ? 'exported' : 'imported'}: ${name}, id ${id}`)
  return 0
}

interface Whose {
  readonly id: string
  readonly name: string
}

async function exportKeys(own: string, file: string, io: Io): Promise<Whose> {
  const text = await read(
    own,
    'this node has no keys yet: `foyer start` makes them, or name its folder with --data',
  )
  const whose = await judge(text, own)
  if (file === '-') io.out(text.trimEnd())
  else {
    await refuseExisting(file, 'name a new file')
    await write(file, text)
  }
  io.err('Whoever has these keys is this node: they are not encrypted.')
  return whose
}

async function importKeys(own: string, file: string, io: Io): Promise<Whose> {
  const text = file === '-' ? await io.readStdin() : await read(file)
  const whose = await judge(text, file)
  await refuseExisting(own, 'this data folder is of another node; name a new one with --data')
  await makePrivateFolder(dirname(own))
  await write(own, text)
  return whose
}

async function judge(text: string, from: string): Promise<Whose> {
  try {
    const { sslId, location } = await parseNodeIdentity(text)
    return { id: sslId, name: location }
  } catch (cause) {
    throw new GatewayError('KEYS_UNUSABLE', `${from} holds no keys of a node: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** `missing` says more of a file that is not there. */
async function read(path: string, missing?: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new GatewayError(
      'KEYS_UNUSABLE',
      `${path}: ${(cause as NodeJS.ErrnoException).code === 'ENOENT' && missing !== undefined ? missing : refusalOf(cause)}`,
      { cause },
    )
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text, true)
  } catch (cause) {
    throw new GatewayError('KEYS_UNUSABLE', `${path}: ${refusalOf(cause)}`, { cause })
  }
}

async function refuseExisting(path: string, mend: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  if (exists) throw new GatewayError('KEYS_UNUSABLE', `${path} exists: ${mend}`)
}

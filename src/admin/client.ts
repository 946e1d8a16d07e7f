/** Asks a running gateway over its admin socket. */
import { connect } from 'node:net'
import { GatewayError } from '../util/errors.ts'
import type { AdminReply } from './protocol.ts'

/** Long enough for a friend's key to be checked or an archive to be exported; a silent gateway is an error. */
const TIMEOUT_MS = 60_000

/** The command's value. Rejects with the gateway's own error, or `NOT_RUNNING` when none answers. */
export function askGateway(
  socketPath: string,
  command: string,
  args: Readonly<Record<string, unknown>> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (text: string, cause?: Error): void =>
      reject(new GatewayError('NOT_RUNNING', text, cause && { cause }))
    const socket = connect(socketPath)
    let text = ''
    socket.setEncoding('utf8')
    socket.setTimeout(timeoutMs, () => {
      socket.destroy()
      fail(`no answer on ${socketPath} within ${timeoutMs / 1000} s`)
    })
    socket.on('connect', () => socket.write(`${JSON.stringify({ command, args })}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', (cause) => fail(unreachable(socketPath, cause), cause))
    socket.on('close', () => {
      const reply = parseReply(text)
      if (!reply) fail(`the gateway on ${socketPath} ended without an answer`)
      else if (reply.ok) resolve(reply.value)
      else reject(new GatewayError(reply.code, reply.message))
    })
    socket.on('end', () => socket.destroy())
  })
}

const unreachable = (socketPath: string, cause: NodeJS.ErrnoException): string =>
  cause.code === 'EACCES'
    ? `${socketPath} may be opened by its owner only: run this as the user of the gateway`
    : `no gateway answers on ${socketPath}: start it with \`foyer start\`, or name its folder with --data`

/** Undefined when the answer is not whole. */
function parseReply(text: string): AdminReply | undefined {
  if (!text.endsWith('\n')) return undefined
  return JSON.parse(text) as AdminReply
}

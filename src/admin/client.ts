/** Asks a running gateway over its admin socket. */
import { connect } from 'node:net'
import { GatewayError } from '../util/errors.ts'
import type { AdminReply } from './protocol.ts'

/** Long enough for a friend's key to be checked or an archive to be exported; a silent gateway is an error. */
const TIMEOUT_MS = 60_000

/** The command's value. Rejects with the gateway's own error, or `NOT_RUNNING` when nobody listens. */
export function askGateway(
  socketPath: string,
  command: string,
  args: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    let text = ''
    socket.setEncoding('utf8')
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy()
      reject(new GatewayError('NOT_RUNNING', `no answer on ${socketPath} within ${TIMEOUT_MS / 1000} s`))
    })
    socket.on('connect', () => socket.write(`${JSON.stringify({ command, args })}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', (cause) => {
      reject(
        new GatewayError(
          'NOT_RUNNING',
          `no gateway answers on ${socketPath}: start it with \`foyer start\`, or name its folder with --data`,
          { cause },
        ),
      )
    })
    socket.on('end', () => {
      socket.destroy()
      if (text === '') {
        reject(new GatewayError('NOT_RUNNING', `the gateway on ${socketPath} ended without an answer`))
        return
      }
      const reply = JSON.parse(text) as AdminReply
      if (reply.ok) resolve(reply.value)
      else reject(new GatewayError(reply.code, reply.message))
    })
  })
}

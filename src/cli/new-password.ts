/** Asks at a terminal for a new password, which is not shown. */
import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Where is typed, and where it is asked. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

/** A password that was typed twice; undefined when who types gives up (Ctrl+C, Ctrl+D). */
export async function askNewPassword({ input, output }: Terminal): Promise<string | undefined> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input, output: silent, terminal: true })
  const ended = once(reader, 'close').then(() => undefined)
  const ask = async (prompt: string): Promise<string | undefined> => {
    output.write(prompt)
    const typed = await Promise.race([reader.question('').catch(ifAborted), ended])
    output.write('\n')
    return typed
  }
  try {
    for (;;) {
      const first = await ask('Password: ')
      const second = first === undefined ? undefined : await ask('Once more: ')
      if (first === second) return first
      if (second === undefined) return undefined
      output.write('These were two different ones.\n')
    }
  } finally {
    reader.close()
  }
}

function ifAborted(error: unknown): undefined {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}

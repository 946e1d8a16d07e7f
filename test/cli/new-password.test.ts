import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { askNewPassword } from '../../src/cli/new-password.ts'

/** Types `keys` as soon as a question is asked, one entry a question; what was asked and what came of it. */
async function typing(...keys: readonly string[]) {
  const input = new PassThrough()
  const output = new PassThrough()
  const left = [...keys]
  const asked = text(
    output.map((chunk: Buffer) => {
      if (String(chunk).endsWith(': ')) input.write(left.shift() ?? '\x03')
      return chunk
    }),
  )
  const password = await askNewPassword({ input, output })
  output.end()
  return { password, asked: await asked }
}

test('a password is asked for twice and never shown', async () => {
  expect(await typing('sesame\r', 'sesame\r')).toEqual({
    password: 'sesame',
    asked: 'Password: \nOnce more: \n',
  })
})

test('two that differ are asked for again', async () => {
  const { password, asked } = await typing('sesame\r', 'sesam\r', 'lavender\r', 'lavender\r')
  expect(password).toBe('lavender')
  expect(asked).toBe('Password: \nOnce more: \nThese were two different ones.\nPassword: \nOnce more: \n')
})

test.each([
  ['Ctrl+C', '\x03'],
  ['Ctrl+D', '\x04'],
])('%s gives up', async (_, key) => {
  expect((await typing(key)).password).toBeUndefined()
  expect((await typing('sesame\r', key)).password).toBeUndefined()
})

// Appends to the archive named by the first argument until it is killed; prints the ids of each commit once it is promised.
import { writeSync } from 'node:fs'
import { entry } from './entries.ts'
import { openUrl } from './open-url.ts'

const { archive } = await openUrl(process.argv[2] ?? '')
for (let n = 0; ; n += 7) {
  const group = Array.from({ length: 7 }, (_, i) => entry(n + i, { networkId: `${n + i}` }))
  await archive.append(group)
  writeSync(1, `${group.map(({ id }) => id).join(' ')}\n`)
}

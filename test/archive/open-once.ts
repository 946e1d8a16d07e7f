// Opens the store named by the first argument in a process of its own, and prints how that went.
import { openStore } from '../../src/archive/open-store.ts'

try {
  await openStore(process.argv[2] ?? '').close()
  console.log('opened')
} catch (error) {
  const { code, message } = error as { code?: string; message?: string }
  console.log(`${code} ${message}`)
}

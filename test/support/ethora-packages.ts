// Where test/peers/ethora.sh puts the Ethora chat component and React.
import { homedir } from 'node:os'
import { join } from 'node:path'

export const ETHORA_PACKAGES = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'foyer/ethora-24.12.34',
)

/** What the command line takes: the text of `foyer help`, and the part of it that is about one command. */
import { VERSION } from '../version.ts'

/** All commands with their options. */
export const USAGE = `foyer ${VERSION}: an XMPP gateway for distributed chat lobbies

  foyer start   [--config FILE] [--data DIR] [--log-level L]
  foyer demo    [--data DIR] [--port-base N]
  foyer check   [--config FILE]
  foyer doctor  [--json]
  foyer status  [--json]
  foyer invite  [--long]
  foyer friend  add INVITE|-  | list [--json] | remove ID | ignore ID | heed ID
  foyer identity list [--json] | ban ID | unban ID
  foyer lobby   list [--json] | invites [--json] | create NAME [--topic T] [--private] [--signed] [--network N]
                | join ID | leave ID | decline ID | alias ID LOCALPART
  foyer room    who [--json] | who WORD [--json]
                | kick ROOM NICK [--reason R] | mute ROOM WHO [--reason R] | unmute ROOM WHO
  foyer user    add NAME [--password-stdin] | list | remove NAME | passwd NAME [--password-stdin]
  foyer archive export ROOM [--format jsonl|txt] | prune
  foyer backup  FOLDER
  foyer keys    export FILE|- | import FILE|-
  foyer log     level LEVEL
  foyer trace   JID [--texts]
  foyer canary  ROOM [--service URL] [--account JID] [--password-file FILE]
                [--far ROOM] [--far-service URL] [--far-account JID] [--far-password-file FILE]
                [--every SECONDS] [--listen HOST:PORT] [--json]
  foyer simulate [--peers N] [--degree D] [--participants N] [--messages N] [--churn P] [--split SECONDS]
                 [--rules foyer|retroshare] [--private] [--no-challenges] [--seed S] [--json]

--data DIR and --config FILE (or FOYER_DATA, FOYER_CONFIG) say which gateway is meant.
\`foyer COMMAND --help\` shows one command alone. In a clone that is not installed say \`node dist/main.js\` for \`foyer\`.`

/** The lines of the usage text about one command; all of it for a word that is none. */
export function usageOf(command: string | undefined): string {
  const lines = USAGE.split('\n')
  const from = lines.findIndex((line) => command !== undefined && line.startsWith(`  foyer ${command} `))
  if (from < 0) return USAGE
  const after = lines.findIndex((line, i) => i > from && !line.startsWith('     '))
  return lines.slice(from, after).join('\n')
}

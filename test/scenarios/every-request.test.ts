// Every request is answered once: by the embedded server, and through real host servers.
import { describe } from 'vitest'
import { describeWith } from '../support/peers.ts'
import { describeEveryRequest } from './run/every-request.ts'

describe('embedded', () => describeEveryRequest('embedded'))
describeWith(['prosody'], 'behind Prosody', () => describeEveryRequest('via-prosody'))
describeWith(['ejabberd'], 'behind ejabberd', () => describeEveryRequest('via-ejabberd'))

// Every scenario against Foyer as a component of a real Prosody.
import { describeWith } from '../support/peers.ts'
import { describeTarget } from './run/suite.ts'

describeWith(['prosody'], 'behind Prosody', () => describeTarget('via-prosody'))

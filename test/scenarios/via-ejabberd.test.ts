// Every scenario against Foyer as a component of a real ejabberd.
import { describeWith } from '../support/peers.ts'
import { describeTarget } from './run/suite.ts'

describeWith(['ejabberd'], 'behind ejabberd', () => describeTarget('via-ejabberd'))

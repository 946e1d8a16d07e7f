// Every scenario against Foyer's embedded server.
import { describeTarget } from './run/suite.ts'

describeTarget('embedded')

// `npm run docs`: brings what is made from the sources up to date: the reference of the configuration.
import { readFileSync, writeFileSync } from 'node:fs'
import { exampleFile, withTables } from './configuration.ts'

const PAGE = 'docs/configuration.md'

writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8')))
writeFileSync('config/foyer.example.yaml', exampleFile())

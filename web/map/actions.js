// What a logged-in operator has done from the page: by the operations of the command line.
import { h } from '/lib/preact/preact.mjs'

/** Whether whoever looks at the page may have something done: a gateway without a token lets nobody. */
export async function isOperator() {
  const answer = await fetch('/api/operations').catch(() => null)
  return answer?.ok === true && (await answer.json()).operator
}

/** An answer is waited for so long. */
const PATIENCE_MS = 60_000

/** What came of it, in words too. Never rejects. */
export async function run(command, args) {
  const answer = await fetch('/api/operations', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ command, args }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => null)
  const reply = await answer?.json().catch(() => null)
  if (reply?.ok) return { isDone: true, words: `Done: ${command}.` }
  const why = reply?.message ?? 'the gateway does not answer'
  return { isDone: false, words: `Not done: ${command}: ${why}.` }
}

/** A button that has something done to what it is `about`; with `question` it is asked before. */
export function Action({ act, label, about, command, args, question }) {
  const onClick = () => {
    if (question === undefined || confirm(question)) void act(command, args)
  }
  return h('button', { type: 'button', onClick, 'aria-label': `${label} ${about}` }, label)
}

/** Befriending a node, and making a lobby. What was written stays until it is done. */
export function OperatorForms({ act }) {
  const submit = (command) => async (event) => {
    event.preventDefault()
    const form = event.target
    if (await act(command, Object.fromEntries(new FormData(form)))) form.reset()
  }
  return h('section', { class: 'forms', 'aria-label': 'Operator' }, [
    h('form', { onSubmit: submit('friend add') }, [
      h('label', { for: 'invite' }, 'Befriend a node'),
      h('textarea', { id: 'invite', name: 'invite', rows: 2, required: true, placeholder: 'its invitation' }),
      h('button', {}, 'Add friend'),
    ]),
    h('form', { onSubmit: submit('lobby create') }, [
      h('label', { for: 'name' }, 'Make a lobby'),
      h('input', { id: 'name', name: 'name', required: true, placeholder: 'its name' }),
      h('input', { name: 'topic', 'aria-label': 'Topic', placeholder: 'its topic' }),
      h('button', {}, 'Make lobby'),
    ]),
  ])
}

// What a logged-in operator has done from the page: by the operations of the command line.
import { h } from '/lib/preact/preact.mjs'

/** Whether whoever looks at the page may have something done: a gateway without a token lets nobody. */
export async function isOperator() {
  const answer = await fetch('/api/operations').catch(() => null)
  return answer?.ok === true && (await answer.json()).operator
}

/** What came of it, in words. */
export async function run(command, args) {
  const answer = await fetch('/api/operations', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ command, args }),
  }).catch(() => null)
  const reply = await answer?.json().catch(() => null)
  if (reply?.ok) return `Done: ${command}.`
  return `Not done: ${command}: ${reply?.message ?? 'the gateway does not answer'}.`
}

/** A button that has something done; with `question` it is asked before. Nothing for who is no operator. */
export function Action({ act, label, about, command, args, question }) {
  if (act === null) return null
  const onClick = () => {
    if (question === undefined || confirm(question)) act(command, args)
  }
  return h('button', { type: 'button', onClick, 'aria-label': `${label} ${about}` }, label)
}

/** Befriending a node, and making a lobby. */
export function OperatorForms({ act }) {
  if (act === null) return null
  const submit = (command) => (event) => {
    event.preventDefault()
    act(command, Object.fromEntries(new FormData(event.target)))
    event.target.reset()
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

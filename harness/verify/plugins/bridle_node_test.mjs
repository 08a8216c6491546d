// The reporter of Node's own test runner: every test and what became of it. It prints nothing.

import { createRequire } from 'node:module'

const proof = createRequire(import.meta.url)('./bridle_node.cjs')
const MAX_SAID = 8000
const DONE = { 'test:pass': true, 'test:fail': true }

export default async function * report(source) {
  const above = new Map()
  const said = new Map()
  proof.begin('node:test')
  for await (const { type, data } of source) {
    if (type === 'test:dequeue' && isFile(data)) {
      proof.tell('started', { id: fileOf(data) })
    } else if (type === 'test:complete' && isFile(data)) {
      proof.tell('ended', { id: fileOf(data) })
    } else if (type === 'test:start') {
      const names = (above.get(data.file) ?? []).slice(0, data.nesting)
      above.set(data.file, [...names, data.name])
      if (!isFile(data)) proof.tell('started', { id: idOf(data, names) })
    } else if (type === 'test:stderr') {
      const file = fileOf(data)
      said.set(file, ((said.get(file) ?? '') + data.message).slice(-MAX_SAID))
    } else if (DONE[type]) {
      tell(type, data, (above.get(data.file) ?? []).slice(0, data.nesting), said)
    }
  }
  proof.end('')
}

function tell(type, data, names, said) {
  const error = data.details?.error
  const file = fileOf(data)
  if (isFile(data)) {
    proof.tell('ended', { id: file })
    if (type === 'test:fail' && error?.failureType !== 'subtestsFailed') {
      proof.tell('broken', { file, errors: [crashOf(error, said.get(file))] })
    }
    return
  }
  if (error?.failureType === 'subtestsFailed' || (data.details?.type === 'suite' && type === 'test:pass')) {
    proof.tell('ended', { id: idOf(data, names) })
    return
  }
  proof.tell('test', {
    id: idOf(data, names),
    file,
    outcome: outcomeOf(type, data),
    errors: type === 'test:fail' ? [errorOf(error)] : []
  })
}

function outcomeOf(type, data) {
  if (data.skip !== undefined && data.skip !== false) return 'skipped'
  if (data.todo !== undefined && data.todo !== false) return 'todo'
  return type === 'test:pass' ? 'passed' : 'failed'
}

/** Node tells a file as a test of its own, by its path. */
function isFile(data) {
  return data.nesting === 0 && (data.file === undefined || proof.place(data.name) === proof.place(data.file))
}

/** A process that crashed told what of on its standard error. */
function crashOf(error, said) {
  const told = errorOf(error)
  if (!said) return told
  const [, name, message] = /^(?:Uncaught )?(\w*Error)(?: \[\w+\])?: (.+)$/m.exec(said) ?? []
  return { ...told, name: name ?? told.name, message: proof.text(message ?? told.message), stack: proof.text(said) }
}

function fileOf(data) {
  return proof.place(data.file ?? data.name)
}

function idOf(data, names) {
  return [proof.place(data.file), ...names, data.name].join(' > ')
}

function errorOf(error) {
  const cause = error?.cause
  const told = proof.errorOf(cause && typeof cause === 'object' ? cause : error)
  return cause && typeof cause !== 'object' ? { ...told, message: proof.text(cause) } : told
}

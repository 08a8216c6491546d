'use strict'
// Jest's reporter: every test and what became of it.

const proof = require('./bridle_node.cjs')

class BridleReporter {
  onRunStart() {
    proof.begin('jest')
  }

  onTestFileStart(test) {
    proof.tell('started', { id: proof.place(test.path) })
  }

  onTestCaseStart(test, info) {
    proof.tell('started', { id: [proof.place(test.path), ...(info.ancestorTitles ?? []), info.title].join(' > ') })
  }

  onTestFileResult(test, result) {
    const file = proof.place(result.testFilePath || test.path)
    if (result.testExecError || (result.failureMessage && !result.testResults.length)) {
      const error = result.testExecError ?? {}
      const message = error.message || result.failureMessage
      const stack = error.stack || result.failureMessage
      proof.tell('broken', { file, errors: [{ ...proof.errorOf(error), message: proof.text(message), stack: proof.text(stack) }] })
    }
    for (const one of result.testResults) {
      proof.tell('test', {
        id: [file, ...one.ancestorTitles, one.title].join(' > '),
        file,
        outcome: outcomeOf(one),
        errors: one.status === 'failed' ? errorsOf(one) : []
      })
    }
  }

  onRunComplete(contexts, results) {
    if (results.runExecError) proof.tell('broken', { file: '', errors: [proof.errorOf(results.runExecError)] })
    proof.end(results.wasInterrupted ? 'interrupted' : '')
  }
}

function outcomeOf(one) {
  if (one.status === 'passed') return one.invocations > 1 ? 'flaky' : 'passed'
  if (one.status === 'failed' || one.status === 'todo') return one.status
  return 'skipped'
}

function errorsOf(one) {
  return one.failureMessages.map((message, index) => {
    const details = one.failureDetails?.[index] ?? {}
    const { expected, actual } = details.matcherResult ?? details
    return { ...proof.errorOf({ name: details.name, expected, actual }), message: proof.text(message), stack: proof.text(message) }
  })
}

module.exports = BridleReporter

// Vitest's reporter: every test and what became of it, and every module that the run loaded.

import { createRequire } from 'node:module'

const proof = createRequire(import.meta.url)('./bridle_node.cjs')

export default class BridleReporter {
  onInit(vitest) {
    this.vitest = vitest
    proof.begin(`vitest ${vitest.version ?? ''}`)
  }

  onTestModuleQueued(module) {
    proof.tell('started', { id: proof.place(module.moduleId) })
  }

  onTestCaseReady(test) {
    proof.tell('started', { id: idOf(test) })
  }

  /** End the run when as many more tests failed as are enough. */
  onTestCaseResult(test) {
    if (!proof.enough || test.result()?.state !== 'failed' || proof.failing.has(idOf(test))) return
    this.failed = (this.failed ?? 0) + 1
    if (this.failed === proof.enough) this.vitest.cancelCurrentRun('test-failure')
  }

  onTestRunEnd(modules, unhandled, reason) {
    this.finish(modules.map((module) => module.task), unhandled, reason)
  }

  /** The same before version 3. */
  onFinished(files, unhandled) {
    this.finish(files ?? [], unhandled, '')
  }

  finish(files, unhandled, reason) {
    if (this.finished) return
    this.finished = true
    for (const file of files) tellFile(file)
    for (const error of unhandled ?? []) {
      const file = error.VITEST_TEST_PATH ?? error.stacks?.[0]?.file
      proof.tell('broken', { file: file ? proof.place(file) : '', errors: [proof.errorOf(error)] })
    }
    for (const file of this.modules()) proof.loaded(file)
    proof.end(reason)
  }

  * modules() {
    const projects = this.vitest.projects ?? [this.vitest]
    for (const project of projects) {
      const server = project.vite ?? project.server
      const graphs = Object.values(server?.environments ?? {}).map((environment) => environment.moduleGraph)
      for (const graph of graphs.length ? graphs : [server?.moduleGraph]) {
        yield* graph?.fileToModulesMap.keys() ?? []
      }
    }
  }
}

function tellFile(file) {
  const path = proof.place(file.filepath)
  const errors = [file, ...suitesOf(file)].flatMap((suite) => suite.result?.errors ?? [])
  if (errors.length) proof.tell('broken', { file: path, errors: errors.map(proof.errorOf) })
  proof.tell('ended', { id: path })
  for (const test of testsOf(file)) {
    proof.tell('test', {
      id: [path, ...namesOf(test)].join(' > '),
      file: path,
      outcome: outcomeOf(test),
      errors: (test.result?.errors ?? []).map(proof.errorOf)
    })
  }
}

function idOf(test) {
  return [proof.place(test.module.moduleId), ...namesOf(test.task)].join(' > ')
}

function outcomeOf(test) {
  const state = test.result?.state
  if (state === 'pass') return test.result.retryCount ? 'flaky' : 'passed'
  if (state === 'fail') return 'failed'
  if (test.mode === 'todo') return 'todo'
  return test.mode === 'skip' || state === 'skip' ? 'skipped' : 'unfinished'
}

function * testsOf(suite) {
  for (const task of suite.tasks ?? []) {
    if (task.type === 'suite') yield* testsOf(task)
    else yield task
  }
}

function * suitesOf(suite) {
  for (const task of suite.tasks ?? []) {
    if (task.type !== 'suite') continue
    yield task
    yield* suitesOf(task)
  }
}

function namesOf(task) {
  const names = []
  for (let one = task; one && one !== one.file; one = one.suite) names.unshift(one.name)
  return names
}

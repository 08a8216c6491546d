'use strict'
// Tells, from inside every Node process of a test run, which files of the project it loads.
//
// Preloaded by NODE_OPTIONS, so it runs before any code of the project, in workers and children too. It appends JSON
// lines to a file that only this run knows. It never changes what the tests do, and judges nothing: the lines are read
// by `checkers/node_report.py`. The first process takes the nonce out of the environment before anybody can read it;
// the reporter of the tool (the files beside this one) writes with it.

const fs = require('node:fs')
const path = require('node:path')
const crypto = require('node:crypto')
const module_ = require('node:module')
const { fileURLToPath, pathToFileURL } = require('node:url')

const MAX_LOADED = 5000
const MAX_TEXT = 8000
const MAX_CAUSES = 3
const HERE = path.dirname(fs.realpathSync(__filename))
const CODE = /\.(?:[cm]?[jt]sx?|vue|svelte|json)$/
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g
const { readFileSync, writeSync, openSync, realpathSync } = fs
const { stringify } = JSON

const order = taken('BRIDLE_PROOF', true)
const nonce = taken('BRIDLE_NONCE', false)
const root = order && realpathSync(order.root)
const descriptor = order && openSync(order.path, 'a')
const enough = (order && order.enough) || 0
const failing = new Set((order && order.failing) || [])
const seen = new Set()
let linesWritten = 0

function taken(name, stays) {
  const text = process.env[name]
  if (!stays) delete process.env[name]
  return text ? JSON.parse(text) : null
}

/** Append one line at once; lines of several processes never mix. */
function append(line) {
  writeSync(descriptor, stringify(line) + '\n')
}

/** Write one line of the reporter, which counts them. */
function tell(kind, fields) {
  if (!descriptor) return
  append({ kind, ...fields })
  linesWritten += 1
}

function begin(tool) {
  if (!descriptor || !nonce) return
  const { dev, ino } = fs.statSync(root, { bigint: true })
  tell('begin', { nonce, device: String(dev), inode: String(ino), tool, node: process.version })
}

function end(reason) {
  if (descriptor && nonce) append({ kind: 'end', nonce, n_lines: linesWritten, reason: String(reason || '') })
}

/** Note that this process loads a file, unless it is an installed package's. */
function loaded(file) {
  try {
    if (!descriptor || seen.has(file) || seen.size > MAX_LOADED || !CODE.test(file)) return
    seen.add(file)
    const real = realpathSync(file)
    if (real.includes(path.sep + 'node_modules' + path.sep) || real.startsWith(HERE + path.sep)) return
    const digest = crypto.createHash('sha256').update(readFileSync(real)).digest('hex')
    append({ kind: 'loaded', path: relative(real), digest })
  } catch {
    // What cannot be read was not loaded.
  }
}

/** Return a path below the root, "/" separated, or the absolute one that is elsewhere. */
function relative(file) {
  return file.startsWith(root + path.sep) ? file.slice(root.length + 1).split(path.sep).join('/') : file
}

function place(file) {
  const whole = String(file || '').startsWith('file:') ? fileURLToPath(file) : path.resolve(String(file || ''))
  try {
    return relative(realpathSync(whole))
  } catch {
    return relative(whole)
  }
}

function text(value) {
  if (value === undefined || value === null) return ''
  const plain = String(value).replace(ANSI, '').toWellFormed?.() ?? String(value).replace(ANSI, '')
  if (plain.length <= MAX_TEXT) return plain
  const half = MAX_TEXT / 2
  return `${plain.slice(0, half)}\n[... ${plain.length - MAX_TEXT} characters left out ...]\n${plain.slice(-half)}`
}

/** Return what an error says, whatever was thrown. */
function errorOf(error) {
  if (error === null || typeof error !== 'object') return { name: 'Error', message: text(error), stack: '' }
  return {
    name: text(error.name || 'Error'),
    message: text(error.message || error.code || ''),
    stack: text([error.stack, ...causesOf(error, 0)].filter(Boolean).join('\n')),
    expected: text(shown(error.expected)),
    actual: text(shown(error.actual)),
    diff: text(error.diff)
  }
}

/** What lies behind an error: a refused connection, say, is told by the cause of a failed fetch alone. */
function causesOf(error, depth) {
  const behind = [error.cause, ...(Array.isArray(error.errors) ? error.errors : [])]
  return behind
    .filter((one) => one && typeof one === 'object' && depth < MAX_CAUSES)
    .slice(0, MAX_CAUSES)
    .flatMap((one) => [`caused by ${one.name ?? 'Error'}: ${one.message ?? ''}`, ...causesOf(one, depth + 1)])
}

function shown(value) {
  if (value === undefined || typeof value === 'string') return value
  try {
    return stringify(value)
  } catch {
    return String(value)
  }
}

/** The loads of Node itself: by hooks of its loader where it has them, by its cache of CommonJS else. */
function watchLoader() {
  const note = (url) => typeof url === 'string' && url.startsWith('file:') && loaded(fileURLToPath(url))
  if (module_.registerHooks) {
    module_.registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context)
        note(found.url)
        return found
      }
    })
    return
  }
  const load = module_._load
  module_._load = function (request, parent, isMain) {
    const exports = load.apply(this, arguments)
    try {
      loaded(module_._resolveFilename(request, parent, isMain))
    } catch {
      // A module that resolves to nothing was told by the load itself.
    }
    return exports
  }
  const { MessageChannel, isMainThread, receiveMessageOnPort } = require('node:worker_threads')
  if (module_.register && isMainThread) {  // its hooks run in a thread that is preloaded too
    const { port1, port2 } = new MessageChannel()
    const hooks = pathToFileURL(path.join(__dirname, 'bridle_resolve.mjs'))
    module_.register(hooks, { data: { port: port2 }, transferList: [port2] })
    port1.on('message', note)
    port1.unref()
    process.on('exit', () => {
      for (let one; (one = receiveMessageOnPort(port1)); ) note(one.message)
    })
  }
}

/** The loads of a runner that has a module system of its own: it reads the files itself, and some only to map them. */
function watchReads() {
  fs.readFileSync = function (file) {
    if (typeof file === 'string' && !seen.has(file) && !new Error().stack.includes('jest-haste-map')) loaded(file)
    return readFileSync.apply(this, arguments)
  }
}

/** A test file's own process that ends by `process.exit` leaves tests out, and may end well. */
function watchExit() {
  const exit = process.exit
  process.exit = function (code) {
    append({ kind: 'exited', file: place(process.argv[1]), code: Number(code ?? process.exitCode ?? 0) })
    return exit.apply(this, arguments)
  }
}

if (descriptor) {
  if (nonce) process.env.BRIDLE_MAIN = String(process.pid)
  const isChild = process.env.BRIDLE_MAIN === String(process.ppid)
  // The process that starts a process for each test file loads nothing of the project itself.
  const startsOthers = nonce && !process.execArgv.some((word) => /isolation=none/.test(word))
  if (order.watch === 'loader' && !startsOthers) watchLoader()
  if (order.watch === 'reads') watchReads()
  if (order.watch === 'loader' && isChild && process.env.NODE_TEST_CONTEXT) watchExit()
}

module.exports = { enough, failing, begin, end, tell, loaded, place, text, errorOf }

const assert = require('node:assert/strict')
const test = require('node:test')
const { shout } = require('../src/shout.js')

test('is loud', () => {
  assert.equal(shout('a'), 'A')
})

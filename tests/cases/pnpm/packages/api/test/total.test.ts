import { expect, test } from 'vitest'
import { total } from '../src/total.js'

test('adds the prices up', () => {
  expect(total([1, 2, 3])).toBe(6)
})

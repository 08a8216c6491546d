import { describe, expect, test } from 'vitest'
import { add } from '../src/add.js'

describe('adding', () => {
  test('two numbers', () => {
    expect(add(1, 2)).toBe(3)
  })
})

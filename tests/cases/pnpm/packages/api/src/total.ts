import { add } from '@case/core'

export const total = (prices: number[]): number => prices.reduce(add, 0)

export default [{ files: ['packages/**/*.js', 'packages/**/*.mjs'], rules: { 'no-unused-vars': 'error', 'prefer-const': 'warn' } }]

// In the place of the extension Python Environments, which is not to be had outside of its marketplace: the one call of
// its API that ours makes, in the shape that its sources give it.
"use strict";

const executable = process.env.CHOSEN_PYTHON;
exports.activate = () => ({ getEnvironment: async () => ({ execInfo: { run: { executable } } }) });

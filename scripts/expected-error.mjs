/**
 * An error that the user can fix, printed without a stack.
 * @param {string} sentence @param {{ cause?: unknown }} [options]
 */
export function createExpectedError(sentence, options) {
  return Object.assign(new Error(sentence, options), { name: 'ExpectedError' });
}

/** Prints the error to standard error; a bug with its stack. @param {unknown} error */
export function printError(error) {
  console.error(isExpected(error) ? error.message : error);
}

/** @param {unknown} error @returns {error is Error} */
function isExpected(error) {
  if (!(error instanceof Error)) return false;
  const fromParseArgs = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
  return fromParseArgs || error.name === 'ExpectedError' || error.name === 'KernelError';
}

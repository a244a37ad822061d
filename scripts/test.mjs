// `npm test`: everything that has to hold, on a clone where nothing was installed before.
import { checkNode } from './check-node.mjs';

checkNode();
void import('./test-run.mjs').then(({ runTests }) => runTests());

// `npm start`: the demo and the relay behind it, on a clone where nothing was installed before.
import { checkNode } from './check-node.mjs';

checkNode();
void import('./serve-demo.mjs').then(({ serveDemo }) => serveDemo(process.argv.slice(2)));

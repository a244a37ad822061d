// `npm start`: the demo and its relay, on a fresh clone.
import { checkNode } from './check-node.mjs';

checkNode();
void import('./serve-demo.mjs').then(({ serveDemo }) => serveDemo(process.argv.slice(2)));

// Measures timers of Node by its clocks, one line each: NAME WANTED MEASURED, in milliseconds, which Node's timers round to.
'use strict';
const http = require('node:http');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const timers = require('node:timers/promises');

async function measure(name, wanted, wait) {
  const begun = Date.now();
  await wait(wanted);
  console.log(name, wanted, Date.now() - begun);
}

function interval(wanted) {
  return new Promise((resolve) => {
    let left = 1000;
    const timer = setInterval(() => {
      if (--left === 0) { clearInterval(timer); resolve(); }
    }, wanted / 1000);
  });
}

// A request to a server that answers after the given time.
function answered(wanted) {
  return new Promise((resolve, reject) => {
    const server = http.createServer((request, response) => setTimeout(() => response.end('x'), wanted));
    server.listen(0, '127.0.0.1', () => {
      http.get({ port: server.address().port, host: '127.0.0.1' }, (response) => {
        response.resume();
        response.on('end', () => { server.close(); resolve(); });
      }).on('error', reject);
    });
  });
}

// undici gives up after the time.
async function aborted(wanted) {
  const server = http.createServer(() => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await fetch(`http://127.0.0.1:${server.address().port}/`, { signal: AbortSignal.timeout(wanted) })
    .then(() => { throw new Error('an answer'); }, () => {});
  server.closeAllConnections();
  server.close();
}

function inWorker(wanted) {
  return new Promise((resolve) => {
    const worker = new Worker(__filename);
    worker.postMessage(wanted);
    worker.on('message', () => worker.terminate().then(resolve));
  });
}

async function main() {
  for (const wanted of [1, 250, 60000, 864000000]) await measure('setTimeout', wanted, (time) => timers.setTimeout(time));
  await measure('setInterval', 60000000, interval);
  await measure('http', 5000, answered);
  await measure('fetch', 5000, aborted);
  await measure('worker', 12345, inWorker);
}

if (isMainThread) {
  main();
} else {
  parentPort.once('message', (wanted) => setTimeout(() => parentPort.postMessage('done'), wanted));
}

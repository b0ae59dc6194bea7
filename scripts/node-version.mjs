/** Says which Node the scripts run on: `node scripts/with-node.mjs scripts/node-version.mjs`. */
console.log(`Node ${process.version}`)

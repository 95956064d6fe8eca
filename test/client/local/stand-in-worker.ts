import { loadClientConnectConfig } from '@temporalio/envconfig';

// Stands where a worker stands, to try the service around it: says that it is ready, and goes when asked.
const { connectionOptions, namespace } = loadClientConnectConfig();
console.log(`worker ready at ${connectionOptions.address}, ${namespace}, for ${process.env['MUSHER_HOME']}, key ${process.env['MUSHER_INPUT_KEY']}`);
const life = setInterval(() => {}, 1000);
process.on('SIGTERM', () => {
  console.log('worker stopped');
  clearInterval(life);
});

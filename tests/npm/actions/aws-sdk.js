const AWS = require('aws-sdk');
exports.onExecutePostLogin = async () => {
  const s3 = new AWS.S3({ region: 'eu-west-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', signatureVersion: 'v4' });
  console.log(s3.endpoint.host, AWS.VERSION, s3.config.region);
  const dynamo = new AWS.DynamoDB.DocumentClient({ region: 'eu-west-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', maxRetries: 0 });
  const { Item } = await dynamo.get({ TableName: 't', Key: { id: '1' } }).promise();
  console.log(Item);
};

const { DynamoDBClient, GetItemCommand } = require('@aws-sdk/client-dynamodb');
exports.onExecutePostLogin = async () => {
  const client = new DynamoDBClient({ region: 'eu-west-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }, maxAttempts: 1 });
  const { Item } = await client.send(new GetItemCommand({ TableName: 't', Key: { id: { S: '1' } } }));
  console.log(Item);
};

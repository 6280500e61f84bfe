"""An S3 server for the tests, in memory, which checks signatures. Prints where it is and the key it takes, then waits."""

import threading
import urllib.request

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "logs"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


def main() -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    # Until the first key is there nobody is asked for one.
    anyone = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "anyone",
        "aws_secret_access_key": "anything",
    }
    users = boto3.client("iam", **anyone)
    users.create_user(UserName="slipway")
    users.put_user_policy(UserName="slipway", PolicyName="objects", PolicyDocument=POLICY)
    key = users.create_access_key(UserName="slipway")["AccessKey"]
    boto3.client("s3", **anyone).create_bucket(Bucket=BUCKET)
    request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
    urllib.request.urlopen(request).close()
    print(f"ready address={endpoint} bucket={BUCKET} access={key['AccessKeyId']} secret={key['SecretAccessKey']}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()

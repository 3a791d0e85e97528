# combined: role arn:aws-cn:iam::123456789012:role/palette-ecr
# A role that exists already takes the same document with: aws iam update-assume-role-policy --role-name palette-ecr --policy-document …
aws iam create-role --role-name palette-ecr --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com.cn"},"Action":"sts:AssumeRole"}]}'
aws iam put-role-policy --role-name palette-ecr --policy-name palette-ecr --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"arn:aws-cn:ecr:cn-north-1:123456789012:repository/palette/mural-workloads"},{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}'
aws iam create-instance-profile --instance-profile-name palette-ecr
aws iam add-role-to-instance-profile --instance-profile-name palette-ecr --role-name palette-ecr

# combined: role arn:aws-cn:iam::123456789012:role/palette-ecr
resource "aws_iam_role" "palette_ecr" {
  name = "palette-ecr"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "ec2.amazonaws.com.cn"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_role_policy" "palette_ecr" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr:CompleteLayerUpload",
          "ecr:UploadLayerPart",
          "ecr:InitiateLayerUpload",
          "ecr:BatchCheckLayerAvailability",
          "ecr:PutImage",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
        ]
        Resource = "arn:aws-cn:ecr:cn-north-1:123456789012:repository/palette/mural-workloads"
      },
      {
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_instance_profile" "palette_ecr" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr.name
}
